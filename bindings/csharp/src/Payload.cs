using System;
using System.Buffers.Binary;

namespace Stave
{
    /// <summary>How the bytes that a payload record points to are packed. Stave does not read
    /// them.</summary>
    public enum Codec : byte
    {
        /// <summary>As they are.</summary>
        None = (byte)Constants.STAVE_CODEC_NONE,

        /// <summary>By LZ4.</summary>
        LZ4 = (byte)Constants.STAVE_CODEC_LZ4,

        /// <summary>By Zstandard.</summary>
        Zstandard = (byte)Constants.STAVE_CODEC_ZSTANDARD,
    }

    /// <summary>The default record of a <see cref="DiskIndex"/>: where bytes lie. An unknown codec is an
    /// <see cref="InvalidArgumentException"/> when it is written, and a <see cref="CorruptionException"/>
    /// when it is read.</summary>
    public readonly struct Payload
    {
        /// <summary>The number of bytes of a payload as a record.</summary>
        public const int Size = 24;

        /// <summary>A payload.</summary>
        /// <param name="offset">Where the bytes lie.</param>
        /// <param name="length">Stored bytes.</param>
        /// <param name="uncompressedLength">Bytes once unpacked.</param>
        /// <param name="codec">How they are packed.</param>
        public Payload(ulong offset, uint length, uint uncompressedLength, Codec codec)
        {
            Offset = offset;
            Length = length;
            UncompressedLength = uncompressedLength;
            Codec = codec;
        }

        /// <summary>Where the bytes lie.</summary>
        public ulong Offset { get; }

        /// <summary>Stored bytes.</summary>
        public uint Length { get; }

        /// <summary>Bytes once unpacked.</summary>
        public uint UncompressedLength { get; }

        /// <summary>How they are packed.</summary>
        public Codec Codec { get; }

        /// <summary>The payload that is in a record.</summary>
        /// <exception cref="ArgumentException">The record has not <see cref="Size"/> bytes.</exception>
        public static Payload FromRecord(ReadOnlySpan<byte> record)
        {
            if (record.Length != Size)
            {
                throw new ArgumentException("a payload has 24 bytes", nameof(record));
            }
            return new Payload(BinaryPrimitives.ReadUInt64LittleEndian(record),
                BinaryPrimitives.ReadUInt32LittleEndian(record.Slice(8)),
                BinaryPrimitives.ReadUInt32LittleEndian(record.Slice(12)), (Codec)record[16]);
        }

        /// <summary>The payload as a record.</summary>
        public byte[] ToRecord()
        {
            var record = new byte[Size];
            BinaryPrimitives.WriteUInt64LittleEndian(record, Offset);
            BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), Length);
            BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12), UncompressedLength);
            record[16] = (byte)Codec;
            return record;
        }
    }
}
