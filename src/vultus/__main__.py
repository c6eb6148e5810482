"""`python -m vultus`, and the `vultus` command."""

from __future__ import annotations

from vultus.cli.main import app


def main() -> None:
    """Run the command line and leave the process with its exit code."""
    app(prog_name="vultus")


if __name__ == "__main__":
    main()
