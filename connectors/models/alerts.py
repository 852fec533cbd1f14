"""Alerts: messages to people outside the console, kept until they are delivered."""

import base64
import os
import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from connectors.models.accounts import Connection, ConnectionHealth
from connectors.secrets import EncryptedJSONField

SECRET_BYTES = 32


class AlertState(models.Model):
    """What a connection's recipients were told last, and the secret that signs its webhook.

    `told_pause` is the pause that they know of, "" for none; `troubled_since` when a pause
    that ends by itself began, through all its repetitions.
    """

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="alert_state")
    secret = EncryptedJSONField(default=dict)
    told_pause = models.CharField(
        max_length=10, choices=ConnectionHealth.Pause.choices, blank=True, default=""
    )
    troubled_since = models.DateTimeField(null=True, blank=True)
    failures_told_at = models.DateTimeField(null=True, blank=True)  # None: they are below the threshold

    def __str__(self) -> str:
        return f"{self.connection_id}: {self.told_pause or 'nothing'}"

    @staticmethod
    def new_secret() -> str:
        """Make a secret as Standard Webhooks writes it."""
        return f"whsec_{base64.b64encode(os.urandom(SECRET_BYTES)).decode()}"


class Alert(models.Model):
    """One message by one channel: written with the change that it tells of, sent by the schedule.

    `public_id` is the same at each try, so that a receiver knows a message that came twice.
    """

    class Event(models.TextChoices):
        PAUSED = "connection.paused", "Paused"
        RECOVERED = "connection.recovered", "Recovered"
        FAILURES = "connection.failures", "Many records failed"
        TEST = "connection.test", "Test"

    class Channel(models.TextChoices):
        EMAIL = "email", "E-mail"
        WEBHOOK = "webhook", "Webhook"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="alerts")
    event = models.CharField(max_length=30, choices=Event.choices)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    data = models.JSONField(default=dict)  # the webhook's
    created_at = models.DateTimeField(default=timezone.now)
    not_before = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_to = models.TextField(blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)  # given up
    error = models.TextField(blank=True)  # of the last try, one sentence

    class Meta:
        indexes = [
            models.Index(fields=["not_before"], condition=Q(sent_at=None, failed_at=None), name="alert_open"),
        ]

    def __str__(self) -> str:
        return self.subject
