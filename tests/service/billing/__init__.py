"""Tests of service.billing."""
