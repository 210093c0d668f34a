"""The SQL of each noun: every statement of the store stands below here; functions take the transaction first."""
