"""Every address of Concord."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from config.password_links import SetPasswordView
from connectors.hooks import receive
from contacts.registration.views import RegisteredView, RegisterView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("admin/", admin.site.urls),
    path("password/", SetPasswordView.as_view(), name="set_password"),
    path("companies/register/", RegisterView.as_view(), name="register"),
    path("companies/register/thanks/", RegisteredView.as_view(), name="registered"),
    path("webhooks/<slug:kind>/<uuid:public_id>/", receive, name="webhook"),
]
