"""Isthmus as a platform of Regulation (EU) 2020/1056: electronic freight transport information (eFTI)."""
