"""failpoints"""
