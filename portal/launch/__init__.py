"""`make run`: the whole portal on one machine, with nothing to install beside it."""
