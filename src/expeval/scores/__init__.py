"""Files to scores: readers behind one interface, checks that name the cell, counts of what was left out."""
