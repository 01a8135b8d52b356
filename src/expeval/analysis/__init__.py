"""One file a value of the column ``analysis``: a study and its scores in, rows of the contract out."""
