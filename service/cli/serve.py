"""``huodian serve``: the web service in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.session import Session

if TYPE_CHECKING:
    import socket

    from service.store import Store

GRACE_S = 20
"""How long running requests may take to finish after a stop."""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("serve")(serve)


def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option("--host", help="Address to bind / 监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 8080,
) -> None:
    """Serve the map, the phone list and the API / 启动网页与接口."""
    session: Session = ctx.obj
    with session.reporting():
        store = session.store()
        check_exposure(store, host)
        listener = bind(host, port)
        address = listener.getsockname()
        run(
            session,
            store,
            listener,
            session.pick(
                f"火点图 http://{address[0]}:{address[1]}/  手机列表 /m  接口 /api/v1/（Ctrl+C 停止）",
                f"map http://{address[0]}:{address[1]}/  phone list /m  API /api/v1/ (Ctrl+C stops)",
            ),
        )


def check_exposure(store: Store, host: str) -> None:
    """Refuse to answer other machines while no identity exists.

    Raises
    ------
    ForbiddenError
        Naming the reason and the next step.
    """
    from gis.errors import ForbiddenError
    from service.api.middleware import is_loopback
    from service.users import has_users

    with store.reader() as reader:
        if is_loopback(host) or has_users(reader):
            return
    raise ForbiddenError(
        "no_users",
        f"尚未建立用户，不能监听 {host}：任何人都能读到全部火点。请先运行 huodian users add，或用 --host 127.0.0.1",
        f"no identity exists, so {host} is refused: anybody could read every fire point. Run `huodian users add` "
        "first, or use --host 127.0.0.1",
        value=host,
    )


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises
    ------
    RefusedInputError
        When the address is taken or not of this machine.
    """
    import socket

    from gis.errors import RefusedInputError
    from gis.reasons import reason_of

    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise RefusedInputError(
            "cannot_bind",
            f"无法监听 {host}:{port}（{reason_of(error)[1]}）：请换一个 --port，或停止占用它的程序",
            f"cannot listen on {host}:{port} ({error.strerror}): choose another --port, or stop what uses it",
            value=f"{host}:{port}",
        ) from error
    return listener


def run(session: Session, store: Store, listener: socket.socket, told: str) -> None:
    """Serve until a signal, then let running requests finish.

    Parameters
    ----------
    told
        What the operator reads when the service answers: not before it can draw a map.
    """
    import gc

    import uvicorn

    from service.kernels import made_ready

    with made_ready(lambda: say_compiling(session)):
        from service.api.app import create_app

        app = create_app(session.settings.served_at(listener.getsockname()[1]), store)
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,  # it would log queries and addresses of people; our own line does not
        server_header=False,
        proxy_headers=False,  # nobody may claim to be this machine by a header
        timeout_graceful_shutdown=GRACE_S,
    )
    server = uvicorn.Server(config)
    app.state.events.stops_when(lambda: server.should_exit)  # streams would otherwise hold the grace out
    session.console.print(told, highlight=False, soft_wrap=True)
    gc.freeze()  # what was loaded stays; and lists of 20,000 rows, none of them garbage, are not searched ten times
    gc.set_threshold(100_000, 20, 20)
    server.run(sockets=[listener])


def say_compiling(session: Session) -> None:
    """Say what the first start waits for."""
    words = session.pick(
        "首次启动，正在编译瓦片内核（约 10 秒，只此一次）……",
        "first start: compiling the tile kernels (about 10 s, once) ...",
    )
    session.console.print(words, highlight=False)
