"""Local files as a tar and back, for `cp`: packed from and unpacked into the user's folders, without leaving them."""
