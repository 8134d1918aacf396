"""Backbones: build, load, cut into stages, lend; devices and memory."""

from explorer.models import compiler as compiler  # before anything else imports torchvision
