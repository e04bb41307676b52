"""The product's addresses and one more."""

from django.urls import path

from benchmarks.orm_view import OrmTransfer
from neobank.urls import *  # noqa: F403
from neobank.urls import urlpatterns as product

urlpatterns = [path("api/v1/bench/orm-transfers", OrmTransfer.as_view()), *product]
