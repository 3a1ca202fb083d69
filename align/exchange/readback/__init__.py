"""Files of the exchange formats, ours or another tool's, read unit by unit.

These readers prove exports and feed `align import`. They share nothing with the writers but the names of columns and
the shape of a stamp.
"""
