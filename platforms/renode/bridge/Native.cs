// librp2040 by P/Invoke. sim/capi/rp2040.h says what each function does.
// This file and its neighbours are C# 7: Renode's own compiler takes C# 9, Mono's in the tests takes 7. They use only
// classes of .NET's core library and of System.Collections: Renode compiles with those assemblies that are loaded by then.
using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace Antmicro.Renode.Peripherals.Miscellaneous
{
    public static class RP2040Native
    {
        public const uint AbiVersion = 2;
        public const ulong Never = ulong.MaxValue;
        public const uint Ok = 0, BusFault = 1, Unmodelled = 2, Invalid = 3;
        public const uint Usb = 2;

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
                var version = rp2040_abi_version();
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

#if !MONO
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
            loaded = NativeLibrary.Load(path);
            NativeLibrary.SetDllImportResolver(typeof(RP2040Native).Assembly,
                (name, assembly, search) => name == LibraryName ? loaded : IntPtr.Zero);
        }

        private static IntPtr loaded;
#else
        // Mono, which the tests define this symbol for, finds it by LD_LIBRARY_PATH.
        private static void Locate(string path)
        {
        }
#endif

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
                    foreach(var name in new[] { "librp2040.so", "librp2040.dylib", "rp2040.dll" })
                    {
                        var candidate = Path.Combine(folder, "site-packages", "sim", name);
                        if(File.Exists(candidate))
                        {
                            return Path.GetFullPath(candidate);
                        }
                    }
                }
            }
            return null;
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
        [DllImport(LibraryName, CallingConvention = C)] public static extern void rp2040_reset(IntPtr chip);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_finish_reset(IntPtr chip);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_load(IntPtr chip, uint address, byte[] data, UIntPtr size);
        [DllImport(LibraryName, CallingConvention = C)] public static extern IntPtr rp2040_boot_rom();
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_boot(IntPtr chip, out uint pc, out uint sp);
        [DllImport(LibraryName, CallingConvention = C)] public static extern ulong rp2040_now(IntPtr chip);
        [DllImport(LibraryName, CallingConvention = C)] public static extern ulong rp2040_next_event(IntPtr chip);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_advance(IntPtr chip, ulong cycle);
        [DllImport(LibraryName, CallingConvention = C)] public static extern ulong rp2040_picoseconds(IntPtr chip, ulong cycle);
        [DllImport(LibraryName, CallingConvention = C)] public static extern ulong rp2040_cycle_at(IntPtr chip, ulong picoseconds);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_clock_hz(IntPtr chip, uint clock);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_read(IntPtr chip, uint core, ulong cycle, uint address, uint bytes, out uint value);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_write(IntPtr chip, uint core, ulong cycle, uint address, uint bytes, uint value);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_peek(IntPtr chip, uint address, uint bytes, out uint value);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_register_name(uint address, byte[] name, uint room);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_pin(IntPtr chip, uint pin);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_pin_share(IntPtr chip, uint pin);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_drive_pin(IntPtr chip, uint pin, uint drive);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_serial_take(IntPtr chip, uint port, byte[] bytes, ulong[] cycles, uint room);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_serial_send(IntPtr chip, uint port, byte[] bytes, UIntPtr size);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_mic_attach(IntPtr chip, uint clockPin, uint dataPin, uint right, uint seed);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_mic_play(IntPtr chip, short[] samples, UIntPtr frames, uint channels, uint rate);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_mic_push_bits(IntPtr chip, byte[] bytes, UIntPtr bits);
        [DllImport(LibraryName, CallingConvention = C)] public static extern ulong rp2040_mic_bits(IntPtr chip);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_mic_timebase(IntPtr chip, uint hz);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_mic_fault(IntPtr chip, uint fault);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_mic_analog(IntPtr chip, int gainQ12, int offsetQ23);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_cpu_block(IntPtr chip, uint pc, uint instructions);
        [DllImport(LibraryName, CallingConvention = C)] public static extern uint rp2040_cpu_exception(IntPtr chip, uint begins);
        [DllImport(LibraryName, CallingConvention = C)] public static extern ulong rp2040_cpu_cycles(IntPtr chip);
        [DllImport(LibraryName, CallingConvention = C)] public static extern void rp2040_cpu_forget(IntPtr chip);
    }
}
