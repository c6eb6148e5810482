"""Presentation attacks: methods that tell a face from a picture of one."""
