"""The methods, one folder per task."""
