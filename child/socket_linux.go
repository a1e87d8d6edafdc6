// Whose the other end of a connection on this host is.

package child

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// socketOwner finds the user and the inode of a connection's client end: by a question to
// the kernel, else in the table of all connections, which may be long.
func socketOwner(client, server netip.AddrPort) (uid int, inode string, err error) {
	if uid, inode, err = askSocket(client, server); err == nil {
		return uid, inode, nil
	}
	return readSocket(client, server)
}

// askSocket asks for one socket (sock_diag(7)). Those of IPv6 that reach an address of
// IPv4 are found by it as well.
func askSocket(client, server netip.AddrPort) (uid int, inode string, err error) {
	const (
		byFamily = 20 // SOCK_DIAG_BY_FAMILY
		listens  = 10 // TCP_LISTEN, which the kernel gives for want of a better one
		header   = unix.SizeofNlMsghdr
	)
	order := binary.NativeEndian
	question := order.AppendUint32(nil, header+56)
	question = order.AppendUint16(question, byFamily)
	question = order.AppendUint16(question, unix.NLM_F_REQUEST)
	question = append(question, make([]byte, 8)...) // sequence and port
	question = append(question, unix.AF_INET, unix.IPPROTO_TCP, 0, 0, 0xff, 0xff, 0xff, 0xff)
	question = binary.BigEndian.AppendUint16(question, client.Port())
	question = binary.BigEndian.AppendUint16(question, server.Port())
	for _, end := range []netip.AddrPort{client, server} {
		ip := end.Addr().Unmap().As4()
		question = append(append(question, ip[:]...), make([]byte, 12)...)
	}
	question = append(question, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff) // any interface, no cookie
	socket, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return 0, "", err
	}
	defer unix.Close(socket)
	if err := unix.Sendto(socket, question, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return 0, "", err
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(socket, answer, 0)
	if err != nil {
		return 0, "", err
	}
	if n < header+72 || order.Uint16(answer[4:]) != byFamily || answer[header+1] == listens || order.Uint32(answer[header+68:]) == 0 {
		return 0, "", errors.New("the kernel does not know the connection")
	}
	return int(order.Uint32(answer[header+64:])), strconv.Itoa(int(order.Uint32(answer[header+68:]))), nil
}

// readSocket looks in /proc (proc_net_tcp in the kernel's documentation), in both
// families' tables.
func readSocket(client, server netip.AddrPort) (uid int, inode string, err error) {
	for _, table := range []struct{ name, prefix string }{
		{"tcp", ""},
		{"tcp6", "0000000000000000" + hexWord([]byte{0, 0, 0xff, 0xff})},
	} {
		data, err := os.ReadFile("/proc/self/net/" + table.name)
		if err != nil && table.name == "tcp" {
			return 0, "", err
		}
		ends := " " + table.prefix + procAddress(client) + " " + table.prefix + procAddress(server) + " "
		_, after, ok := bytes.Cut(data, []byte(ends))
		if !ok {
			continue
		}
		line, _, _ := strings.Cut(string(after[:min(len(after), 200)]), "\n")
		fields := strings.Fields(line) // st tx:rx tr:when retrnsmt uid timeout inode
		if len(fields) < 7 {
			continue
		}
		if uid, err = strconv.Atoi(fields[4]); err == nil {
			return uid, fields[6], nil
		}
	}
	return 0, "", errors.New("the connection is not in /proc/net/tcp")
}

// procAddress is an address of IPv4 with its port, as /proc/net/tcp has it.
func procAddress(a netip.AddrPort) string {
	ip := a.Addr().Unmap().As4()
	return fmt.Sprintf("%s:%04X", hexWord(ip[:]), a.Port())
}

// hexWord prints four bytes of the network as the kernel does: as one word of this machine.
func hexWord(b []byte) string { return fmt.Sprintf("%08X", binary.NativeEndian.Uint32(b)) }
