"""Who somebody is: recognition and the spaces it works in."""
