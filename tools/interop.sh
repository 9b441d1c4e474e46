#!/usr/bin/env bash
# Load the demo dataset as a stranger would: datasets.load_dataset, one TRL SFT step, one TRL DPO step.
# In an environment of its own (.venv-interop, about 1.5 GB): torch never enters the core. Offline once installed.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ ! -x .venv-interop/bin/python ]; then
  "${PYTHON:-python3}" -m venv .venv-interop
  .venv-interop/bin/python -m pip install --quiet --disable-pip-version-check -c tools/interop-constraints.txt \
    "torch==2.13.0" transformers trl datasets accelerate
fi
[ -f runs/demo/dataset/manifest.json ] || .venv/bin/pixelated build recipes/demo.yaml --quiet
export HF_HUB_OFFLINE=1 HF_HUB_DISABLE_TELEMETRY=1 OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false
.venv-interop/bin/python tools/interop.py "${1:-runs/demo/dataset}"
