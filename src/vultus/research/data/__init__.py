"""What methods are trained and judged on: samples, readers of published sets, and a world of made faces."""
