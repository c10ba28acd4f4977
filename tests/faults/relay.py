"""A relay of TCP that belongs to the tests: what runs through it is delayed, jittered, held up, dribbled, reset or left half open.
It knows nothing of what it carries."""
import asyncio
import contextlib
import random
import socket
import struct
import threading

import hosts


class Relay:
    """Listens among the hosts and carries to `target` ("host:port"). Settings may change at any time, from any thread. `window`: bytes
    that it takes from one end before the other has them, in each direction."""

    def __init__(self, target, delay_s=0.0, jitter_s=0.0, window=1 << 20, seed=1):
        self.target = target.rsplit(":", 1)
        self.part, self.parts = max(512, window // 64), 64 if window >= 1 << 15 else max(4, window // 512)
        self.window = window
        self.delay_s, self.jitter_s = delay_s, jitter_s
        self.dribbling = False
        self.refusing = False
        self.connections = self.resets = self.bytes = 0
        self._chance = random.Random(seed)
        self._pairs = set()
        self._loop = asyncio.new_event_loop()
        self._flowing = {True: asyncio.Event(), False: asyncio.Event()}
        for event in self._flowing.values():
            event.set()
        self._listener = socket.create_server((hosts.CROSSROADS, 0))
        self.address = f"{hosts.CROSSROADS}:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    # --- faults, from the thread of the test ---

    def stall(self, up=True, down=True):
        """Nothing moves any more, and nobody is told: the other ends see a line that is open and silent."""
        self._do(lambda: [self._flowing[way].clear() for way, held in ((True, up), (False, down)) if held])

    def flow(self):
        self._do(lambda: [event.set() for event in self._flowing.values()])

    def reset(self):
        """Every connection ends with RST at both ends."""
        self._do(self._reset)

    def close(self):
        self.refusing = True
        self.reset()
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._listener.close()

    # --- its own thread ---

    def _do(self, what):
        done = threading.Event()

        def now():
            what()
            done.set()
        self._loop.call_soon_threadsafe(now)
        assert done.wait(10)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.create_task(asyncio.start_server(self._carry, sock=self._listener, limit=self.part))
        self._loop.run_forever()
        self._loop.close()

    async def _end(self):
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _reset(self):
        for pair in list(self._pairs):
            for writer in pair:
                writer.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            self.resets += 1
        self._pairs.clear()

    async def _carry(self, reader, writer):
        self.connections += 1
        if self.refusing:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self.target, limit=self.part)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, far_writer)
        self._pairs.add(pair)
        for end in pair:
            end.transport.set_write_buffer_limits(0)
            end.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.window)
            end.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.window)
        with contextlib.suppress(asyncio.CancelledError):  # the relay closes
            await asyncio.gather(self._pump(reader, far_writer, True), self._pump(far_reader, writer, False), return_exceptions=True)
        self._pairs.discard(pair)
        for end in pair:
            end.transport.abort()

    async def _pump(self, reader, writer, upward):
        """Parts keep their order and each waits its own time, so delay costs no throughput."""
        parts = asyncio.Queue(self.parts)

        async def write():
            while True:
                due, part = await parts.get()
                if (wait := due - self._loop.time()) > 0:
                    await asyncio.sleep(wait)
                await self._flowing[upward].wait()
                if not part:
                    if not writer.transport.is_closing():
                        writer.write_eof() if writer.can_write_eof() else writer.close()
                    return
                for piece in ([part[i:i + 1] for i in range(len(part))] if self.dribbling else [part]):
                    writer.write(piece)
                    await writer.drain()
                    if self.dribbling:
                        await asyncio.sleep(0)
                self.bytes += len(part)

        writing = asyncio.ensure_future(write())
        try:
            while True:
                part = await reader.read(self.part)
                await parts.put((self._loop.time() + self.delay_s + self._chance.uniform(0, self.jitter_s), part))
                if not part:
                    break
            await writing
        finally:
            if not writing.done():
                writing.cancel()
