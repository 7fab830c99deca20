"""Many damaged files through real workers: ``python -m tests.fuzz --minutes 60 --jobs 2``.

Exit code 1 where a promise was broken; the files are kept.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.fuzz.campaign import MIB, Campaign


def main() -> int:
    """Run the campaign and print its counts."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--cases", type=int, default=10**9, help="stop after so many")
    parser.add_argument("--jobs", type=int, default=2, help="workers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", type=Path, default=Path("fuzz-failures"), help="a folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(Path(folder), arguments.save, arguments.jobs)
        tally = campaign.run(
            cases=arguments.cases,
            minutes=arguments.minutes,
            number=arguments.seed,
            on_round=lambda tally: print(
                f"{tally.cases} files, {len(tally.broken)} broken promises", file=sys.stderr
            ),
        )
    print(
        json.dumps(
            {
                "cases": tally.cases,
                "outcomes": dict(tally.outcomes.most_common()),
                "worker deaths": tally.deaths,
                "healthy songs answered beside them": tally.witnesses,
                "slowest, seconds": round(tally.slowest, 2),
                "largest, MiB": round(tally.largest / MIB),
                "broken promises": tally.broken,
            },
            indent=2,
        )
    )
    return 1 if tally.broken else 0


if __name__ == "__main__":
    sys.exit(main())
