"""Show that the dataset loads and trains without conversion (run by tools/interop.sh).

`datasets.load_dataset` reads the card's configurations and splits; one SFT step and one DPO step of
TRL run on a toy model made here from a config, so nothing is downloaded. Losses show that the
machinery works and say nothing about quality.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import torch
from datasets import Dataset, load_dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{% if m['role'] == 'assistant' %}{% generation %}{{ m['content'] }}<|im_end|>{% endgeneration %}"
    "{% else %}{{ m['content'] }}<|im_end|>{% endif %}\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def toy(texts: list[str]) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """Return a 0.3 M parameter model and a byte-level BPE tokenizer trained on `texts`."""
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    special = ["<|pad|>", "<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    raw.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=2000, special_tokens=special, initial_alphabet=alphabet)
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token=special[0], eos_token=special[2])
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(0)
    size = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = LlamaConfig(vocab_size=len(tokenizer), pad_token_id=0, eos_token_id=2, bos_token_id=1, **size)
    return LlamaForCausalLM(config), tokenizer


def main(folder: Path) -> None:
    """Load every configuration of the card, then take one SFT and one DPO step."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        manifest = json.loads((folder / "manifest.json").read_text())
        default = load_dataset(str(folder), cache_dir=scratch)
        names = {"train": "train", "val": "validation", "test": "test"}
        for split, name in names.items():
            wanted = manifest["splits"][split]["conversations"]
            got = len(default[name]) if name in default else 0
            if got != wanted:
                sys.exit(f"{split}: {got} rows loaded, the manifest says {wanted}")
            print(f"load_dataset {name}: {got} rows")
        sft = load_dataset(str(folder), "stage1_foundation", split="train", cache_dir=scratch)
        pairs = load_dataset(str(folder), "preference", split="train", cache_dir=scratch)
        texts = [m["content"] for row in sft["messages"] for m in row]
        step_sft(sft.select_columns(["messages"]), toy(texts), scratch)
        step_dpo(pairs.select_columns(["prompt", "chosen", "rejected"]), toy(texts), scratch)


COMMON = {
    "max_steps": 1, "per_device_train_batch_size": 2, "use_cpu": True, "bf16": False, "report_to": [],
    "save_strategy": "no", "logging_steps": 1, "max_length": 512, "seed": 0,
}  # fmt: skip


def step_sft(rows: Dataset, parts: tuple[LlamaForCausalLM, PreTrainedTokenizerFast], scratch: str) -> None:
    """Take one SFT step, loss on the assistant's turns only."""
    model, tokenizer = parts
    arguments = SFTConfig(output_dir=f"{scratch}/sft", assistant_only_loss=True, **COMMON)
    trained = SFTTrainer(model=model, args=arguments, train_dataset=rows, processing_class=tokenizer).train()
    print(f"TRL SFT: {len(rows)} conversations, one step, loss {trained.training_loss:.3f}")


def step_dpo(rows: Dataset, parts: tuple[LlamaForCausalLM, PreTrainedTokenizerFast], scratch: str) -> None:
    """Take one DPO step on the preference pairs."""
    model, tokenizer = parts
    model.save_pretrained(f"{scratch}/toy")  # DPO loads its frozen reference from where the model came from
    model = LlamaForCausalLM.from_pretrained(f"{scratch}/toy")
    arguments = DPOConfig(output_dir=f"{scratch}/dpo", **COMMON)
    trained = DPOTrainer(model=model, args=arguments, train_dataset=rows, processing_class=tokenizer).train()
    print(f"TRL DPO: {len(rows)} pairs, one step, loss {trained.training_loss:.3f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
