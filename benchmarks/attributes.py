"""How well a portraits generator's codes can be reckoned with, where the truth is known: sums, directions, forgetting.

    python benchmarks/attributes.py RUN [--samples 4096] [--cases 200] [--seed 0] [--out FILE.json]

Read from pictures by the reader of the built-in portraits, whose own errors count against the generator.
- Sums A − B + C: of random groups of three samples that meet the conditions, of five, and of single ones, the share of sums
  whose picture has what was wanted; beside it the share of all samples that have it anyway.
- Labelled directions: correlation of the place from −3σ to 3σ with what is read, over 64 samples, and how far the attribute
  of another kind that moves most goes with it.
- Forgetting glasses: as figment explain forget.
"""

import argparse
import json
from pathlib import Path

from figment.attributes.conditions import parse_conditions, satisfied
from figment.attributes.readings import read_samples
from figment.common.progress import Silent
from figment.explain.forgetting import forget
from figment.explore.code_arithmetic import success_rate
from figment.explore.direction_search import directions
from figment.generator import load
from figment.run import Run
from figment.workbench import attribute_predictor

SUMS = (  # A − B + C, and what it should have
    ("smile>0.4, no glasses", "smile<0, no glasses", "smile<0, glasses", "smile>0.2, glasses"),
    ("beard, no glasses", "no beard, no glasses", "no beard, glasses", "beard, glasses"),
    ("turn>8, no glasses", "turn<-8, no glasses", "turn<-8, glasses", "turn>0, glasses"),
    ("skin>0.7, no glasses", "skin<0.3, no glasses", "skin<0.3, glasses", "skin>0.5, glasses"),
    ("smile>0.4, turn>8", "smile<0, turn>8", "smile<0, turn<-8", "smile>0.2, turn<0"),
    ("light>0.4, beard", "light<-0.4, beard", "light<-0.4, no beard", "light>0, no beard"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--samples", type=int, default=4096)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    run, generator = Run(args.run), load(args.run)
    predictor = attribute_predictor(run, None, Silent())
    seen = read_samples(generator, predictor, args.samples, args.seed)
    assert predictor.valid is not None
    valid = float(predictor.valid(generator.sample(1000, args.seed).numpy()).mean())
    print(f"{run.recipe.name}, {run.facts['images']:,} images; {valid:.0%} of 1,000 samples are portraits\n")
    found: dict[str, object] = {
        "run": run.recipe.name,
        "images": run.facts["images"],
        "valid": valid,
        "seed": args.seed,
    }

    print(f"{'sum':88}  anyway  singles  threes  fives")
    sums = []
    for a, b, c, wanted in SUMS:
        anyway = float(satisfied(seen.scores, parse_conditions(wanted, predictor)).mean())
        shares = {
            n: success_rate(generator, predictor, seen, a, b, c, wanted, n, args.cases, args.seed) for n in (1, 3, 5)
        }
        sums.append({"a": a, "b": b, "c": c, "wanted": wanted, "anyway": anyway, "of": shares})
        print(
            f"({a}) − ({b}) + ({c})".ljust(88), f" {anyway:6.0%}  {shares[1]:7.0%}  {shares[3]:6.0%}  {shares[5]:5.0%}"
        )
    found["sums"] = sums

    search = directions(generator, ["labelled"], predictor=predictor, samples=args.samples, seed=args.seed)
    finding = search.finding()
    print()
    for line in (finding.columns, *finding.rows):
        print("  ".join(cell.ljust(14) for cell in line).rstrip())
    print(finding.sentence)
    found["directions"] = finding.numbers["directions"]

    forgotten = forget(generator, predictor, "glasses", seed=args.seed).finding()
    print()
    for line in (forgotten.columns, *forgotten.rows):
        print("  ".join(cell.ljust(20) for cell in line).rstrip())
    print(forgotten.sentence)
    found["forget"] = forgotten.numbers
    if args.out:
        args.out.write_text(json.dumps(found, indent=1, default=float) + "\n")


if __name__ == "__main__":
    main()
