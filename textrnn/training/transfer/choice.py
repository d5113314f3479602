"""Choose the initialization of a classifier from what its training is given."""

from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.artifacts.language_model import LanguageModelArtifact
from textrnn.config.language_model import check_unpretrained
from textrnn.config.recipe import Settings
from textrnn.config.text import ClassifierTextConfig
from textrnn.data.unlabelled import UnlabelledTexts
from textrnn.training.initialization import Fresh, Initialization
from textrnn.training.transfer import hub
from textrnn.training.transfer.classifier import FromClassifier
from textrnn.training.transfer.hub import FromHub
from textrnn.training.transfer.language_model import FromLanguageModel, PretrainedOn
from textrnn.training.transfer.word_vectors import FromWordVectors


def initialization(
    base: ClassifierArtifact | None,
    pretrain: UnlabelledTexts | LanguageModelArtifact | None,
    given: Settings,
    resume: bool,
    pretrained: bool,
    consent: hub.Consent,
) -> Initialization:
    """The initialization of a run with the settings `given`.

    `base` is a model to fine-tune, `pretrain` a language model or its texts, and `pretrained` says
    that this training has made that model itself. `consent` is told when a TF-Hub module is
    fetched. ConfigError if two of them are given.
    """
    if isinstance(pretrain, UnlabelledTexts):
        return PretrainedOn(pretrain)
    if not pretrained:
        check_unpretrained(given)
    if base:
        return FromClassifier(base)
    if pretrain:
        return FromLanguageModel(pretrain)
    if resume:  # the run's own settings name its module or vectors
        return Fresh()
    hub.check(given)
    if handle := given["training"].get("hub"):
        tokens = given["text"].get("tokens", ClassifierTextConfig.tokens)
        return FromHub(handle, tokens, consent.notify)
    if file := given["training"].get("vectors"):
        return FromWordVectors(file)
    return Fresh()
