"""chassis.py SOCKET WORD...: carries one chassis command of ipmi_sim to the machine it controls.

ipmi_sim runs this for every chassis command ("get power", "set boot pxe", ...) and reads its
output. The machine (machine.py) listens at SOCKET, does it and says what to print.
"""
import socket
import sys

with socket.socket(socket.AF_UNIX) as line:
    line.settimeout(60)
    line.connect(sys.argv[1])
    line.sendall((" ".join(sys.argv[2:]) + "\n").encode())
    line.shutdown(socket.SHUT_WR)
    answer = line.makefile().read()
status, _, text = answer.partition("\n")
sys.stdout.write(text)
sys.exit(int(status or 1))
