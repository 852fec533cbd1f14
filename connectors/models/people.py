"""Users over there, and who of ours they are."""

from django.conf import settings as project
from django.db import models

from connectors.models.accounts import Connection


class RemoteUser(models.Model):
    """A user over there, mirrored: who may own records. Inactive ones are kept and marked."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="remote_users")
    remote_id = models.CharField(max_length=64)
    name = models.CharField(max_length=250)
    email = models.CharField(max_length=254, blank=True)
    username = models.CharField(max_length=254, blank=True)
    federation_id = models.CharField(max_length=512, blank=True)
    profile = models.CharField(max_length=250, blank=True)
    is_active = models.BooleanField(default=True)
    inactive_since = models.DateTimeField(null=True, blank=True)  # first seen inactive by us
    trouble = models.TextField(
        blank=True
    )  # why the other side refused it as an owner, until the next refresh
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-is_active", "name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "remote_id"], name="remote_user_once"),
        ]

    def __str__(self) -> str:
        parts = [self.name, self.email, self.profile, "" if self.is_active else "inactive"]
        return " · ".join(part for part in parts if part)

    @property
    def may_own(self) -> bool:
        """Return whether a new record may be given to this user, as far as we know."""
        return self.is_active and not self.trouble


class UserLink(models.Model):
    """Who one of our users is in one remote system."""

    user = models.ForeignKey(project.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="remote_links")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    remote_user = models.ForeignKey(RemoteUser, on_delete=models.CASCADE, related_name="links")
    linked_by = models.CharField(max_length=150, blank=True)
    linked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "connection"], name="user_linked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.remote_user}"
