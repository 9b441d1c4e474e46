"""Shapes: how the fields of a row make a record. One file per shape; `recognise` and `layout` choose."""
