// Writes the DLL that Debian's Wine 8 lacks and every Go program since 1.22 needs:
// bcryptprimitives.dll with one export, ProcessPrng, forwarded to the random generator
// of advapi32.dll (RtlGenRandom is exported as SystemFunction036). For tests only.
//
//	go run .ci/wine_shim.go PREFIX/drive_c/windows/system32/bcryptprimitives.dll
package main

import (
	"bytes"
	"encoding/binary"
	"log"
	"os"
)

const (
	base       = 0x180000000
	sectionRVA = 0x1000 // where the one section is in memory
	sectionAt  = 0x200  // and in the file
	sectionLen = 0x200
)

// exports is the section: an export directory of one name. An address that points into
// the directory itself is a forwarder.
func exports() []byte {
	const functions, names, ordinals, dllName, name, target = 0x28, 0x2c, 0x30, 0x40, 0x60, 0x70
	section := make([]byte, sectionLen)
	for at, value := range map[int]uint32{
		0x0c:      sectionRVA + dllName,
		0x10:      1, // first ordinal
		0x14:      1, // functions
		0x18:      1, // names
		0x1c:      sectionRVA + functions,
		0x20:      sectionRVA + names,
		0x24:      sectionRVA + ordinals,
		functions: sectionRVA + target,
		names:     sectionRVA + name,
	} {
		binary.LittleEndian.PutUint32(section[at:], value)
	}
	copy(section[dllName:], "bcryptprimitives.dll\x00")
	copy(section[name:], "ProcessPrng\x00")
	copy(section[target:], "advapi32.SystemFunction036\x00")
	return section
}

// headers are those of a PE32+ library for x86-64 without code.
func headers() []byte {
	var b bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			binary.Write(&b, binary.LittleEndian, v)
		}
	}
	dos := make([]byte, 0x40)
	copy(dos, "MZ")
	dos[0x3c] = byte(len(dos)) // where the next header is
	put(dos, [4]byte{'P', 'E'})
	const machine, characteristics, optionalLen = uint16(0x8664), uint16(0x2022), uint16(240)
	put(machine, uint16(1), [3]uint32{}, optionalLen, characteristics)
	const magic, alignment = uint16(0x20b), uint32(0x1000)
	put(magic, [2]byte{14, 0}, [3]uint32{0, sectionLen, 0}, [2]uint32{0, sectionRVA}, uint64(base), alignment, uint32(sectionAt))
	put([4]uint16{6, 0, 0, 0}, [2]uint16{6, 0}, [4]uint32{0, 2 * sectionRVA, sectionAt, 0})
	const console, dllCharacteristics = uint16(3), uint16(0x160)
	put(console, dllCharacteristics, [4]uint64{0x100000, 0x1000, 0x100000, 0x1000}, [2]uint32{0, 16})
	put([2]uint32{sectionRVA, sectionLen}, [30]uint32{}) // the export directory, and fifteen others
	const readable = uint32(0x40000040)
	put([8]byte{'.', 'e', 'd', 'a', 't', 'a'}, [4]uint32{sectionLen, sectionRVA, sectionLen, sectionAt}, [3]uint32{}, readable)
	return b.Bytes()
}

func main() {
	file := make([]byte, sectionAt)
	copy(file, headers())
	if err := os.WriteFile(os.Args[1], append(file, exports()...), 0o644); err != nil {
		log.Fatal(err)
	}
}
