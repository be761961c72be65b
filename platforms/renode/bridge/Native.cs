// librp2040 by P/Invoke. sim/capi/rp2040.h says what each function does.
// This file and its neighbours are C# 7: Renode's own compiler takes C# 9, Mono's in the tests takes 7. They use only
// classes of .NET's core library and of System.Collections: Renode compiles with those assemblies that are loaded by then.
using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

using Antmicro.Renode.Utilities;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public static class RP2040Native
    {
        public const uint AbiVersion = 9;
        public const ulong Never = ulong.MaxValue, AsBefore = ulong.MaxValue;
        public const uint Ok = 0, BusFault = 1, Unmodelled = 2, Invalid = 3;
        public const uint Usb = 2;
        public const uint SysTickLine = 33;

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        public delegate void IrqCallback(IntPtr context, uint core, uint line, uint level);
        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        public delegate uint ReadCallback(IntPtr context, uint address, uint bytes, out uint value);
        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        public delegate uint WriteCallback(IntPtr context, uint address, uint bytes, uint value);
        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        public delegate void ValueCallback(IntPtr context, uint value);
        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        public delegate void PlainCallback(IntPtr context);
        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        public delegate void HoldCallback(IntPtr context, uint core, uint held);

        [StructLayout(LayoutKind.Sequential)]
        public struct Host
        {
            public IntPtr Context;
            public IrqCallback Irq;
            public ReadCallback Read;
            public WriteCallback Write;
            public ValueCallback Reset;
            public PlainCallback SendEvent;
            public ValueCallback Clock;
            public HoldCallback Hold;
        }

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        public delegate void StopCallback(IntPtr context, uint address);

        /// <summary>Who executes blocks; `Executed` is a function of the processor's library.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct BlockHost
        {
            public IntPtr Context;
            public IntPtr Executed;
            public PlainCallback SkipDue;
            public IntPtr Guest;
        }

        /// <summary>Where calls and returns are awaited; `Read` is a function of the processor's library.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct StopHost
        {
            public IntPtr Context;
            public IntPtr Read;
            public StopCallback Stopped;
            public IntPtr Pc;
        }

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        public delegate uint Value2Callback(IntPtr context, uint first, uint second);
        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        public delegate uint Value1Callback(IntPtr context, uint value);
        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        public delegate uint Value0Callback(IntPtr context);

        /// <summary>What hangs on an I2C.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct I2CTarget
        {
            public IntPtr Context;
            public Value2Callback Start;
            public Value1Callback Write;
            public Value0Callback Read;
            public PlainCallback Stop;
        }

        /// <summary>What hangs on an SPI.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct SPITarget
        {
            public IntPtr Context;
            public Value2Callback Transfer;
            public PlainCallback Finish;
        }

        /// <summary>What the chip tells after its turn.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct Turn
        {
            public ulong Due;
            public uint Value, Serial, Pins, Zero;
        }

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        public delegate void TurnCallback(IntPtr context, uint status, uint address, ref Turn turn);

        /// <summary>Functions of a processor library, in the order of their widths: three that read, three that write.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct Bus
        {
            public IntPtr Read1, Read2, Read4, Write1, Write2, Write4;

            public IntPtr Get(int number)
            {
                return new[] { Read1, Read2, Read4, Write1, Write2, Write4 }[number];
            }

            public void Set(int number, IntPtr function)
            {
                switch(number)
                {
                case 0: Read1 = function; break;
                case 1: Read2 = function; break;
                case 2: Read4 = function; break;
                case 3: Write1 = function; break;
                case 4: Write2 = function; break;
                default: Write4 = function; break;
                }
            }
        }

        [StructLayout(LayoutKind.Sequential)]
        public struct BusHost
        {
            public IntPtr Context;
            public Bus Others;
            public PlainCallback Clock;
            public TurnCallback Turned;
        }

        /// <summary>
        /// Finds and loads the library: `path`, the environment's EMBERWATCH_LIBRP2040, or what `Search` finds.
        /// Returns null, or what is wrong and what to do about it.
        /// </summary>
        public static string Load(string path)
        {
            try
            {
                Locate(path);
                var version = Version();
                return version == AbiVersion
                    ? null
                    : string.Format("librp2040 has ABI version {0}, these platform files need {1}; run: make setup", version, AbiVersion);
            }
            catch(Exception e) when(e is DllNotFoundException || e is BadImageFormatException || e is EntryPointNotFoundException)
            {
                return "librp2040 cannot be loaded (" + e.Message + "); set EMBERWATCH_LIBRP2040 to what " +
                    "`emberwatch renode --library` prints";
            }
        }

        /// <summary>Of its own, because Mono looks for the library when it compiles the method that calls it.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        private static uint Version()
        {
            return rp2040_abi_version();
        }

        private static void Locate(string path)
        {
            if(loaded != IntPtr.Zero)
            {
                return;
            }
            if(string.IsNullOrEmpty(path))
            {
                path = Environment.GetEnvironmentVariable("EMBERWATCH_LIBRP2040");
            }
            if(string.IsNullOrEmpty(path))
            {
                path = Search();
            }
            if(string.IsNullOrEmpty(path))
            {
                throw new DllNotFoundException("it was not found");
            }
            loaded = Open(path);
        }

        /// <summary>
        /// .NET is told by a resolver which file the imports below mean. Mono, which has none, finds a library that is loaded
        /// already by its name, the part of the path that the platform's loader knows it by. Which of the two runs Renode is
        /// asked of the class library: Renode defines no symbol for it when it compiles this file.
        /// </summary>
        private static IntPtr Open(string path)
        {
            var loader = Type.GetType("System.Runtime.InteropServices.NativeLibrary");
            if(loader == null)
            {
                try
                {
                    return SharedLibraries.LoadLibrary(path);
                }
                catch(InvalidOperationException e)
                {
                    throw new DllNotFoundException(e.Message);
                }
            }
            try
            {
                var handle = (IntPtr)loader.GetMethod("Load", new[] { typeof(string) }).Invoke(null, new object[] { path });
                var resolver = loader.GetMethod("SetDllImportResolver");
                var type = resolver.GetParameters()[1].ParameterType;
                var method = typeof(RP2040Native).GetMethod("Resolve").MakeGenericMethod(type.GetMethod("Invoke").GetParameters()[2].ParameterType);
                resolver.Invoke(null, new object[] { typeof(RP2040Native).Assembly, Delegate.CreateDelegate(type, method) });
                return handle;
            }
            catch(TargetInvocationException e)
            {
                throw new DllNotFoundException(e.InnerException.Message);
            }
        }

        /// <summary>For .NET: `T` is a type that Mono does not have.</summary>
        public static IntPtr Resolve<T>(string name, Assembly assembly, T search)
        {
            return name == LibraryName ? loaded : IntPtr.Zero;
        }

        private static IntPtr loaded;

        /// <summary>
        /// The library of the Python installation that has the command `emberwatch`, or of the .venv in the folder that Renode
        /// was started in; null without one. Renode changes its working folder, but not this variable of the shell.
        /// </summary>
        public static string Search()
        {
            var prefixes = new List<string>();
            foreach(var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
            {
                if(File.Exists(Path.Combine(folder, "emberwatch")) || File.Exists(Path.Combine(folder, "emberwatch.exe")))
                {
                    prefixes.Add(Path.Combine(folder, ".."));
                }
            }
            prefixes.Add(Path.Combine(Environment.GetEnvironmentVariable("PWD") ?? ".", ".venv"));
            foreach(var prefix in prefixes)
            {
                var folders = new List<string> { Path.Combine(prefix, "Lib") }; // Windows
                var unix = Path.Combine(prefix, "lib");
                if(Directory.Exists(unix))
                {
                    folders.AddRange(Directory.GetDirectories(unix, "python3*"));
                }
                foreach(var folder in folders)
                {
                    foreach(var place in Importable(Path.Combine(folder, "site-packages")))
                    {
                        foreach(var name in new[] { "librp2040.so", "librp2040.dylib", "rp2040.dll" })
                        {
                            var candidate = Path.Combine(place, "emberwatch", name);
                            if(File.Exists(candidate))
                            {
                                return Path.GetFullPath(candidate);
                            }
                        }
                    }
                }
            }
            return null;
        }

        /// <summary>Where Python imports from: the folder itself and, for editable installations, what its .pth files name.</summary>
        private static IEnumerable<string> Importable(string sitePackages)
        {
            if(!Directory.Exists(sitePackages))
            {
                yield break;
            }
            yield return sitePackages;
            foreach(var file in Directory.GetFiles(sitePackages, "*.pth"))
            {
                foreach(var line in File.ReadAllLines(file))
                {
                    var place = Path.Combine(sitePackages, line.Trim());
                    if(line.Trim() != "" && !line.StartsWith("import ") && Directory.Exists(place))
                    {
                        yield return place;
                    }
                }
            }
        }

        public static string Error(IntPtr chip)
        {
            return Marshal.PtrToStringAnsi(rp2040_error(chip));
        }

        /// <summary>A register as the datasheet calls it, or its offset in the window.</summary>
        public static string RegisterName(uint address, uint window)
        {
            var name = new byte[64];
            var length = rp2040_register_name(address, name, (uint)name.Length);
            return length == 0
                ? string.Format("+0x{0:X3}", address - window)
                : Encoding.ASCII.GetString(name, 0, (int)Math.Min(length, (uint)name.Length - 1));
        }

        private const string LibraryName = "rp2040";
        private const CallingConvention C = CallingConvention.Cdecl;

        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_abi_version();
        [DllImport(LibraryName, CallingConvention = C)] public static extern IntPtr rp2040_create(uint flashBytes, uint xoscHz, [In] ref Host host);
        [DllImport(LibraryName, CallingConvention = C)] public static extern void rp2040_destroy(IntPtr chip);
        [DllImport(LibraryName, CallingConvention = C)] public static extern IntPtr rp2040_error(IntPtr chip);
        [DllImport(LibraryName, CallingConvention = C)] public static extern void rp2040_reset(IntPtr chip, ulong cycle);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_finish_reset(IntPtr chip);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_save(IntPtr chip, byte[] data, UIntPtr room, out UIntPtr size);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_restore(IntPtr chip, byte[] data, UIntPtr size);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_load(IntPtr chip, uint address, byte[] data, UIntPtr size);
        [DllImport(LibraryName, CallingConvention = C)] public static extern IntPtr rp2040_boot_rom();
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_boot(IntPtr chip, out uint pc, out uint sp);
        [DllImport(LibraryName, CallingConvention = C)] public static extern void rp2040_started(IntPtr chip, uint core);
        [DllImport(LibraryName, CallingConvention = C)] public static extern ulong rp2040_now(IntPtr chip);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_clock_hz(IntPtr chip, uint clock);
        [DllImport(LibraryName, CallingConvention = C)] public static extern void rp2040_pace(IntPtr chip, uint instructionPicoseconds, ulong skipPicoseconds);
        [DllImport(LibraryName, CallingConvention = C)] public static extern void rp2040_limit(IntPtr chip, ulong picoseconds);
        [DllImport(LibraryName, CallingConvention = C)] public static extern ulong rp2040_picoseconds(IntPtr chip, ulong cycle);
        [DllImport(LibraryName, CallingConvention = C)] public static extern void rp2040_execute(IntPtr chip, uint cores);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_fifo(IntPtr chip, uint core);
        [DllImport(LibraryName, CallingConvention = C)] public static extern void rp2040_rebase(IntPtr chip, uint core, ulong elapsed);
        [DllImport(LibraryName, CallingConvention = C)] public static extern ulong rp2040_cycle_of_host(IntPtr chip, uint core, ulong elapsed);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_turn_read(IntPtr chip, uint core, ulong elapsed, uint address, uint bytes, out Turn turn);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_turn_write(IntPtr chip, uint core, ulong elapsed, uint address, uint bytes, uint value, out Turn turn);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_turn_run(IntPtr chip, uint core, ulong elapsed, out Turn turn);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_turn_idle(IntPtr chip, ulong elapsed, ulong until, out Turn turn);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_memory(IntPtr chip, uint address, IntPtr memory, UIntPtr bytes);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_take_bus(IntPtr chip, uint core, [In] ref BusHost host, out Bus bus);
        [DllImport(LibraryName, CallingConvention = C)] public static extern void rp2040_bus_direct(IntPtr chip, uint registers, uint flashEnd);
        [DllImport(LibraryName, CallingConvention = C)] public static extern void rp2040_clock_moved(IntPtr chip, uint core);
        [DllImport(LibraryName, CallingConvention = C)] public static extern void rp2040_watch_pins(IntPtr chip, uint pins);
        [DllImport(LibraryName, CallingConvention = C)] public static extern ulong rp2040_skip(IntPtr chip, uint core);
        [DllImport(LibraryName, CallingConvention = C)] public static extern IntPtr rp2040_take_block_hook(IntPtr chip, uint core, [In] ref BlockHost host);
        [DllImport(LibraryName, CallingConvention = C)] public static extern void rp2040_block_guest(IntPtr chip, uint core, uint wanted);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_take_stops(IntPtr chip, uint core, [In] ref StopHost host);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_stops(IntPtr chip, uint[] addresses, uint count);
        [DllImport(LibraryName, CallingConvention = C)] public static extern ulong rp2040_instructions(IntPtr chip);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_peek(IntPtr chip, uint address, uint bytes, out uint value);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_register_name(uint address, byte[] name, uint room);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_pin(IntPtr chip, uint pin);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_pin_share(IntPtr chip, uint pin);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_drive_pin(IntPtr chip, uint pin, uint drive);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_serial_take(IntPtr chip, uint port, byte[] bytes, ulong[] cycles, uint room);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_serial_send(IntPtr chip, uint port, byte[] bytes, UIntPtr size);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_i2c_connect(IntPtr chip, uint instance, [In] ref I2CTarget target);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_spi_connect(IntPtr chip, uint instance, [In] ref SPITarget target);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_mic_attach(IntPtr chip, uint clockPin, uint dataPin, uint right, uint seed);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_mic_play(IntPtr chip, short[] samples, UIntPtr frames, uint channels, uint rate);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_mic_push_bits(IntPtr chip, byte[] bytes, UIntPtr bits);
        [DllImport(LibraryName, CallingConvention = C)] public static extern ulong rp2040_mic_bits(IntPtr chip);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_mic_timebase(IntPtr chip, uint hz);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_mic_fault(IntPtr chip, uint fault);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_mic_analog(IntPtr chip, int gainQ12, int offsetQ23);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_cpu_block(IntPtr chip, uint core, uint pc, uint instructions);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_cpu_exception(IntPtr chip, uint core, uint begins);
        [DllImport(LibraryName, CallingConvention = C)] public static extern ulong rp2040_cpu_cycles(IntPtr chip, uint core);
        [DllImport(LibraryName, CallingConvention = C)] public static extern void rp2040_cpu_forget(IntPtr chip);
    }
}
