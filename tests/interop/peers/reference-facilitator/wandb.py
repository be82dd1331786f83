"""In the place of a package that ComputeHorde's facilitator imports for a table of another subnet, and is not asked for."""
