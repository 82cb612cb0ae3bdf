# SPDX-License-Identifier: GPL-3.0-or-later
"""The arms of several presets as one scenario: what they share is run once, and all arms have the same random numbers.

    joint = JointScenario({name: program.run("show", name, "--resolved") for name in ("controls", "policies")})
    path.write_text(joint.text("validation", detail=("gpu_market", "developers")))

Presets can be joined when they are of one world, that is, differ in their arms, their number of replications and what they
record alone, and when a name of an arm means the same in each of them.
"""

import json
import pathlib
import re

OWN_LINES = ("# ", "name: ", "replications: ", "precision: ", "record: ")  # in which presets may differ


def split(resolved):
    """(the world without comments, recording interval, {arm: its lines}) of what `overbuild show --resolved` prints."""
    head, _, arms = resolved.partition("\narms:\n")
    world = [line for line in re.sub(r"^(  [\w.]+: \S+) # .*$", r"\1", head, flags=re.M).splitlines()
             if not line.startswith(OWN_LINES)]
    interval = re.search(r"^record: \{interval: (.*?), detail:", head, flags=re.M).group(1)
    blocks = re.split(r"^(?=  - name: )", arms, flags=re.M)[1:]
    return world, interval, {block.splitlines()[0].removeprefix("  - name: "): block for block in blocks}


class JointScenario:
    """The union of the presets' arms, each at its first place. ValueError when the presets can't be joined."""

    def __init__(self, resolved):
        self.first = next(iter(resolved))
        self.arms, self.of = {}, {}
        self.world, self.interval, _ = split(resolved[self.first])
        for preset, text in resolved.items():
            world, interval, arms = split(text)
            self._check_world(preset, world, interval)
            for arm, block in arms.items():
                self._check_arm(preset, arm, block)
                self.arms.setdefault(arm, block)
            self.of[preset] = list(arms)  # names of each preset's arms

    def _check_world(self, preset, world, interval):
        if interval != self.interval:
            raise ValueError(f"{self.first} records every {self.interval} and {preset} every {interval}; expected one "
                             "interval, since both are run as one experiment")
        if world != self.world:
            ours = [line.strip() for line in self.world if line not in world]
            theirs = [line.strip() for line in world if line not in self.world]
            raise ValueError(f"{self.first} and {preset} differ in more than their arms: {self.first} has "
                             f"{'; '.join(ours[:3]) or 'nothing'}, {preset} {'; '.join(theirs[:3]) or 'nothing'}; expected "
                             "one world, since both are run as one experiment")

    def _check_arm(self, preset, arm, block):
        if sorted(self.arms.get(arm, block).splitlines()) != sorted(block.splitlines()):  # in whatever order they are set
            raise ValueError(f"the arm {arm} is not the same in {preset} as in {self.first}:\n{self.arms[arm]}"
                             f"against\n{block}expected the same settings, or another name for one of them")

    def text(self, name, detail):
        """The joint scenario as YAML, which extends the first preset (a path from wherever the text is kept)."""
        path = pathlib.Path(self.first)
        extends = json.dumps(str(path.resolve()), ensure_ascii=False) if path.is_file() else self.first
        return (f"# The arms of {' and '.join(self.of)}, each once\n"
                f"name: {name}\nextends: {extends}\n"
                f"record: {{interval: {self.interval}, detail: [{', '.join(detail)}]}}\n"
                f"arms:\n{''.join(self.arms.values())}")

    def check(self, resolved):
        """That a scenario made from text(), resolved, is what was meant. ValueError when it is not."""
        world, interval, arms = split(resolved)
        if (world, interval, arms, list(arms)) != (self.world, self.interval, self.arms, list(self.arms)):
            raise ValueError("the joint scenario does not resolve to the arms that it was made of")
