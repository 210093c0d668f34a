"""The operations by noun. A module gives its `routes(...)`; `app` puts them into one table."""
