// Address windows: every access goes to librp2040. Atomic aliases and narrow accesses are the library's business.
using System;
using System.Collections.Generic;

using Antmicro.Renode.Core;
using Antmicro.Renode.Logging;
using Antmicro.Renode.Peripherals.Bus;
using Antmicro.Renode.Peripherals.Miscellaneous;
using Antmicro.Renode.Peripherals.UART;

using Native = Antmicro.Renode.Peripherals.Miscellaneous.RP2040Native;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    /// <summary>Registers of one block, `size` bytes from `address` on.</summary>
    public class RP2040_Window : IBytePeripheral, IWordPeripheral, IDoubleWordPeripheral, IKnownSize
    {
        public RP2040_Window(RP2040 chip, uint address, uint size = 0x4000)
        {
            Chip = chip;
            Address = address;
            Size = size;
            chip.AddWindow(address, this);
        }

        public virtual void Reset()
        {
            // The chip resets its blocks.
        }

        public byte ReadByte(long offset)
        {
            return (byte)Chip.Read(Address + (uint)offset, 1, this);
        }

        public void WriteByte(long offset, byte value)
        {
            Chip.Write(Address + (uint)offset, 1, value, this);
        }

        public ushort ReadWord(long offset)
        {
            return (ushort)Chip.Read(Address + (uint)offset, 2, this);
        }

        public void WriteWord(long offset, ushort value)
        {
            Chip.Write(Address + (uint)offset, 2, value, this);
        }

        public uint ReadDoubleWord(long offset)
        {
            var value = Chip.Read(Address + (uint)offset, 4, this);
            this.Log(LogLevel.Noisy, "read of {0}: 0x{1:X8}", NameOf(offset), value);
            return value;
        }

        public void WriteDoubleWord(long offset, uint value)
        {
            this.Log(LogLevel.Noisy, "write of {0}: 0x{1:X8}", NameOf(offset), value);
            Chip.Write(Address + (uint)offset, 4, value, this);
        }

        /// <summary>A register as a debugger sees it, without side effects.</summary>
        public uint Peek(long offset)
        {
            RP2040_Range.Check("offset", offset, 0, Size - 4);
            using(Chip.Hold())
            {
                return Look((uint)offset);
            }
        }

        public long Size { get; private set; }

        /// <summary>The register's name, with ".XOR", ".SET" or ".CLR" for its atomic aliases.</summary>
        public string NameOf(long offset)
        {
            string name;
            if(!names.TryGetValue(offset, out name))
            {
                name = Native.RegisterName(Address + (uint)offset, Address);
                if(Size == AliasedSize)
                {
                    names[offset] = name += Aliases[offset >> 12 & 3];
                }
            }
            return name;
        }

        protected uint Look(uint offset)
        {
            uint value;
            Chip.Check(Native.rp2040_peek(Chip.Handle, Address + offset, 4, out value));
            return value;
        }

        protected RP2040 Chip { get; private set; }
        protected uint Address { get; private set; }

        private readonly Dictionary<long, string> names = new Dictionary<long, string>();
        private const uint AliasedSize = 0x4000;
        private static readonly string[] Aliases = { "", ".XOR", ".SET", ".CLR" };
    }
}

namespace Antmicro.Renode.Peripherals.GPIOPort
{
    /// <summary>IO_BANK0 and the pads: outputs are the pads' levels, a PWM-driven pad being high from half duty on.</summary>
    public class RP2040_GPIO : RP2040_Window, INumberedGPIOOutput, IGPIOReceiver
    {
        public RP2040_GPIO(RP2040 chip, uint address) : base(chip, address)
        {
            var pins = new Dictionary<int, IGPIO>();
            for(var pin = 0; pin < Pins; pin++)
            {
                pins[pin] = new GPIO();
            }
            Connections = pins;
            chip.PinsMoved += Update;
            chip.Tick += Watch;
        }

        public override void Reset()
        {
            Watch();
        }

        /// <summary>Something outside drives a pad.</summary>
        public void OnGPIO(int number, bool value)
        {
            RP2040_Range.Check("pin", number, 0, Pins - 1);
            Chip.Post(() => Chip.Check(Native.rp2040_drive_pin(Chip.Handle, (uint)number, value ? 1u : 0u)));
        }

        /// <summary>Percentage of time that a pad is high.</summary>
        public double Brightness(long pin)
        {
            RP2040_Range.Check("pin", pin, 0, Pins - 1);
            using(Chip.Hold())
            {
                Chip.Synchronise();
                return Native.rp2040_pin_share(Chip.Handle, (uint)pin) * 100.0 / 65536;
            }
        }

        public IReadOnlyDictionary<int, IGPIO> Connections { get; private set; }

        /// <summary>Only pins that something is connected to are watched: looking at one brings its PIO up to date.</summary>
        private void Watch()
        {
            uint connected = 0;
            for(var pin = 0; pin < Pins; pin++)
            {
                if(Connections[pin].IsConnected)
                {
                    connected |= 1u << pin;
                }
            }
            if(connected != Chip.WatchedPins)
            {
                Chip.WatchedPins = connected;
            }
        }

        private void Update(uint high)
        {
            for(var pin = 0; pin < Pins; pin++)
            {
                if((Chip.WatchedPins >> pin & 1) != 0)
                {
                    Connections[pin].Set((high >> pin & 1) != 0);
                }
            }
        }

        private const int Pins = 30;
    }
}

namespace Antmicro.Renode.Peripherals.UART
{
    /// <summary>A UART, or with port 2 the USB serial port, that analyzers and testers can listen to.</summary>
    public class RP2040_UART : RP2040_Window, IUART
    {
        public RP2040_UART(RP2040 chip, uint address, uint port) : base(chip, address)
        {
            this.port = port;
            chip.SerialSent += Drain;
        }

        public void WriteChar(byte value)
        {
            Chip.Post(() => Chip.Check(Native.rp2040_serial_send(Chip.Handle, port, new[] { value }, (UIntPtr)1u)));
        }

        /// <summary>Whether bytes go to Renode's listeners; false leaves them to who takes them from the library.</summary>
        public bool Listening { get; set; } = true;

        public uint BaudRate
        {
            get
            {
                if(port == Native.Usb)
                {
                    return 0;
                }
                var divisor = Look(0x24) * 64 + Look(0x28);
                return divisor == 0 ? 0 : (uint)(4UL * Native.rp2040_clock_hz(Chip.Handle, 6) / divisor);
            }
        }

        public Bits StopBits { get { return port != Native.Usb && (Look(0x2C) & 8) != 0 ? Bits.Two : Bits.One; } }

        public Parity ParityBit
        {
            get
            {
                var lcr = port == Native.Usb ? 0 : Look(0x2C);
                return (lcr & 2) == 0 ? Parity.None : (lcr & 4) != 0 ? Parity.Even : Parity.Odd;
            }
        }

        public event Action<byte> CharReceived;

        private void Drain(uint ports)
        {
            if(!Listening || (ports >> (int)port & 1) == 0)
            {
                return;
            }
            uint count;
            do
            {
                count = Native.rp2040_serial_take(Chip.Handle, port, bytes, cycles, (uint)bytes.Length);
                var listener = CharReceived;
                for(var i = 0; i < count && listener != null; i++)
                {
                    listener(bytes[i]);
                }
            }
            while(count == bytes.Length);
        }

        private readonly uint port;
        private readonly byte[] bytes = new byte[64];
        private readonly ulong[] cycles = new ulong[64];
    }
}
