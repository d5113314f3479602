"""Train a SentencePiece model on the word counts of a corpus.

`textrnn.tokenizers.subwords` says which ids are reserved, and why the library is imported on use.
"""

import io
import re
from collections import Counter
from collections.abc import Iterator

from textrnn.config.text import ModelType
from textrnn.errors import CorpusError

# SentencePiece represents a space by this character, and so decodes the character as a space.
SPACE = "\u2581"
# Line ends and tabs are separate subwords. SentencePiece skips lines that contain U+2585 or NUL or
# are longer than 4,192 bytes: 200 characters of at most four bytes each stay well below.
_WORD = re.compile(f" ?[^ \n\t\0{SPACE}\u2585]{{1,200}}| ")


def words(text: str) -> list[str]:
    """The words of `text`, each with the space before it, without line ends and tabs."""
    return _WORD.findall(text)


def train_model(counts: Counter[str], vocab_size: int, model_type: ModelType) -> bytes:
    """The bytes of the trained model: the same for the same `counts` of words on any machine.

    CorpusError, with the limit, when the words are too few or have too many characters for
    `vocab_size`.
    """
    import sentencepiece

    output = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=_table(counts),
            input_format="tsv",
            model_writer=output,
            vocab_size=vocab_size,
            model_type=model_type,
            hard_vocab_limit=model_type == "bpe",
            pad_id=0,
            unk_id=1,
            bos_id=-1,
            eos_id=-1,
            byte_fallback=True,
            user_defined_symbols=["\n", "\t"],
            normalization_rule_name="identity",
            add_dummy_prefix=False,
            remove_extra_whitespaces=False,
            num_threads=1,  # a fixed order of summation
            minloglevel=2,
        )
    except RuntimeError as error:
        raise _vocab_size_error(error, vocab_size) from error
    return output.getvalue()


def _table(counts: Counter[str]) -> Iterator[str]:
    for word in sorted(counts):
        yield f"{word}\t{counts[word]}"


def _vocab_size_error(error: RuntimeError, vocab_size: int) -> CorpusError:
    """SentencePiece's complaint about `vocab_size`, with the limit that it names."""
    message = str(error)
    if found := re.search(r"set it to a value <= (\d+)", message):
        return CorpusError(
            f"the texts are too few for {vocab_size:,} subwords; set --max-vocab-size to "
            f"{int(found[1]):,} at most, or use --set model_type=unigram"
        )
    if found := re.search(r"required_chars\. \d+ vs (\d+)", message):
        return CorpusError(
            f"{vocab_size:,} subwords are too few for the bytes and the characters of the texts; "
            f"set --max-vocab-size to {int(found[1]):,} at least"
        )
    return CorpusError(f"SentencePiece cannot be trained on these texts: {message}")
