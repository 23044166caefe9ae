"""Attacks on the wall, a table of hostile submissions for each family; ``arena`` grades and judges them."""
