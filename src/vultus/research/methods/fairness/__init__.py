"""Who is treated how: audits, and how bias spreads."""
