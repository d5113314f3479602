"""Language models on the command line: evaluate. `train classifier --pretrain` trains them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textrnn.cli.kinds import Row, print_report
from textrnn.errors import ConfigError

if TYPE_CHECKING:
    from textrnn.artifacts.language_model import LanguageModelArtifact


def _evaluate(
    model: "LanguageModelArtifact", names: Sequence[str], form: str, **options: Any
) -> None:
    from textrnn.cli.data_options import read_unlabelled
    from textrnn.data.unlabelled import UnlabelledTexts
    from textrnn.evaluation import language_model

    if form == "markdown":
        raise ConfigError(f"{model.name} is a language model; use --format json or text")
    found = [read_unlabelled(name, options) for name in names]
    texts = found[0] if len(found) == 1 else UnlabelledTexts.of(
        (text for each in found for text in each.texts), tuple(names)
    )  # fmt: skip
    report = language_model.evaluate(model, texts)
    print_report(report, form, language_model.as_text)


EVALUATE = Row(_evaluate, ("column", "table", "data_dir"))
