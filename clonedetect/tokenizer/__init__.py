"""Tokenizers: vocabularies, merges and added tokens of two sides, read as data in every published format."""

from clonedetect.tokenizer.compare import compare_pair, compare_tokenizers, rank
from clonedetect.tokenizer.reading import from_gguf, is_tokenizer_file, read_vocabularies, read_vocabulary
from clonedetect.tokenizer.vocabulary import Vocabulary

__all__ = [
    "Vocabulary",
    "compare_pair",
    "compare_tokenizers",
    "from_gguf",
    "is_tokenizer_file",
    "rank",
    "read_vocabularies",
    "read_vocabulary",
]
