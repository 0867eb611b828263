"""The models of a shop with Django, and where its orders were submitted."""

from django.db import models

from orderdesk_sdk import ConnectionRole, Order, OrderLine, RemoteOrder


class ShopOrder(models.Model):
    number = models.CharField(max_length=100, unique=True)
    email = models.EmailField(blank=True)
    folder = models.CharField(max_length=50, default="New")
    original = models.ForeignKey("self", models.PROTECT, null=True)

    def as_order(self) -> Order:
        lines = [OrderLine(line.quantity, id=str(line.pk), code=line.code) for line in self.lines.all()]
        return Order(str(self.pk), self.number, email=self.email, lines=lines)


class Line(models.Model):
    order = models.ForeignKey(ShopOrder, models.CASCADE, related_name="lines")
    code = models.CharField(max_length=100, blank=True)
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering = ["pk"]


class Submission(models.Model):
    order = models.ForeignKey(ShopOrder, models.CASCADE, related_name="submissions")
    connection = models.CharField(max_length=100)
    remote_id = models.CharField(max_length=100)
    role = models.CharField(max_length=20)
    submitted_at = models.DateTimeField()
    status = models.CharField(max_length=200, null=True)
    status_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["submitted_at"]
        constraints = [
            models.UniqueConstraint(fields=["order", "connection"], name="one_number_at_a_connection"),
            models.UniqueConstraint(fields=["connection", "remote_id"], name="one_order_of_a_number"),
        ]

    def as_remote_order(self) -> RemoteOrder:
        role = ConnectionRole(self.role)
        return RemoteOrder(self.connection, self.remote_id, self.submitted_at, role, self.status, self.status_at)


class Note(models.Model):
    order = models.ForeignKey(ShopOrder, models.CASCADE, related_name="notes")
    by = models.CharField(max_length=200)
    text = models.TextField()

    class Meta:
        ordering = ["pk"]
