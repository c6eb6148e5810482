"""Protocols over an engine: calibration, LFW pairs, open-set identification, detection and the speed bench."""
