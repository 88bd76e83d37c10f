#!/usr/bin/python3
"""tls_front.py CERTIFICATE KEY ADDRESS PORT-FILE TARGET-PORT: serves TLS on a free port of ADDRESS, which it writes into
PORT-FILE, and passes what is inside on to TARGET-PORT of loopback. The simulated issuer answers on loopback only; pods
reach it here."""
import os
import socket
import socketserver
import ssl
import sys
import threading

certificate, key, address, port_file, target = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)


def copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:  # either side has gone; the other one sees its end
        for side in (source, sink):
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Front(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            outside = context.wrap_socket(self.request, server_side=True)
        except (OSError, ssl.SSLError) as refused:
            print(f"{self.client_address[0]}: {refused}", flush=True)
            return
        with outside, socket.create_connection(("127.0.0.1", int(target))) as inside:
            back = threading.Thread(target=copy, args=(inside, outside), daemon=True)
            back.start()
            copy(outside, inside)
            back.join()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


with Server((address, 0), Front) as server:
    with open(port_file + ".part", "w") as out:
        out.write(str(server.server_address[1]))
    os.rename(port_file + ".part", port_file)
    server.serve_forever()
