"""The learner of classifiers: class weights, adversarial training, learning rates by layer."""

import numpy as np
import numpy.typing as npt

from textrnn.config.classifier import ClassifierConfig, ClassifierTrainingConfig
from textrnn.models.classifier import build_classifier
from textrnn.models.hub.layer import HubEmbedding
from textrnn.training.adversarial import AdversarialLearner
from textrnn.training.learner import Learner
from textrnn.training.losses import class_weights, classification_loss
from textrnn.training.transfer import classifier as transfer


def classifier_learner(
    network: ClassifierConfig,
    training: ClassifierTrainingConfig,
    total_steps: int,
    labels: npt.NDArray[np.int32],
    text_embedding: HubEmbedding | None = None,
) -> Learner:
    """A learner of the classes, with random initial weights.

    `labels` are those of the training texts, for balanced class weights. `text_embedding` is the
    module inside a network over whole texts.
    """
    model = build_classifier(
        network,
        seed=training.seed,
        train_embedding=training.train_embedding,
        text_embedding=text_embedding,
    )
    balanced = training.class_weights == "balanced"
    loss = classification_loss(class_weights(labels, network.classes) if balanced else None)
    make = AdversarialLearner if training.adversarial else Learner
    learner = make(model, training, total_steps, loss)
    if training.layer_decay < 1 or training.unfreeze_epochs:
        names = [variable.path for variable in model.trainable_variables]
        learner.update_scales = lambda epoch: transfer.rates(names, network, training, epoch)
    return learner
