"""What the tests of the module share."""

import gc
import os
import tempfile
import unittest

import stave


class StoreCase(unittest.TestCase):
    """A store in a folder of its own, and no handle left at the end."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "a")

    def tearDown(self):
        gc.collect()
        self.assertEqual(stave.live_handles(), 0)

    def open(self, **options):
        return stave.Store(self.path, durability="memory", **options)
