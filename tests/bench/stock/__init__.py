"""What a user of the stock tools would have: Django as `startproject` makes it, on the portal's own tables."""
