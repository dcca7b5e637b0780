#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg): a hole in a recording of Opus moves to its beginning if the file is Ogg.
#
# A good guess: sound from 0.0 to 0.4 s and from 0.6 to 1.0 s, written with its times, is read with these times.
# What happens: in WebM it is. In Ogg a page has one time, that of its end; what is in it is counted back from there. So
# all that was said before the hole comes 0.2 s late, the hole is before it, and writing says nothing.
# Why it matters: whoever is silent sends nothing (DTX), and packets get lost. A recording in Ogg is out of step with
# pictures and other voices until its holes are filled.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check av==18.1.0
venv/bin/python - <<'PY'
import io
import sys
from fractions import Fraction

import av

print("av", av.__version__)
SAMPLES = 960  # 20 ms


def times(container):
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream("libopus", rate=48000, layout="mono")
        for number in [*range(20), *range(30, 50)]:
            frame = av.AudioFrame("s16", "mono", SAMPLES)
            frame.planes[0].update(bytes(range(240)) * 8)
            frame.sample_rate, frame.time_base, frame.pts = 48000, Fraction(1, 48000), number * SAMPLES
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as recorded:
        starts = [float(each.pts * each.time_base) for each in recorded.demux(audio=0) if each.size]
    hole = max(range(1, len(starts)), key=lambda at: starts[at] - starts[at - 1])
    wide = starts[hole] - starts[hole - 1] > 0.1
    return abs(round(starts[0], 1)), round(starts[hole], 1) if wide else None


seen = {container: times(container) for container in ("webm", "ogg")}
for container, (first, after) in seen.items():
    print(f"{container}: begins at {first} s, goes on after a hole at {after} s")
if seen["webm"] != (0.0, 0.6) or seen["ogg"] != (0.2, None):
    sys.exit("CHANGED: holes are no longer kept as described")
PY
