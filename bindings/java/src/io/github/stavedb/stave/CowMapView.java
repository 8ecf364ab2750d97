package io.github.stavedb.stave;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;

/** A {@link CowMap} as a map of the class library. */
final class CowMapView extends AbstractMap<Long, byte[]> {
  private final CowMap map;

  CowMapView(CowMap map) {
    this.map = map;
  }

  @Override
  public int size() {
    return (int) Math.min(map.size(), Integer.MAX_VALUE);
  }

  @Override
  public boolean isEmpty() {
    return map.isEmpty();
  }

  @Override
  public boolean containsKey(Object key) {
    return key instanceof Long && map.contains((Long) key);
  }

  @Override
  public byte[] get(Object key) {
    return key instanceof Long ? map.get((Long) key) : null;
  }

  @Override
  public byte[] put(Long key, byte[] value) {
    return map.getAndPut(key, value);
  }

  @Override
  public byte[] remove(Object key) {
    return key instanceof Long ? map.getAndRemove((Long) key) : null;
  }

  @Override
  public void clear() {
    map.clear();
  }

  @Override
  public Set<Map.Entry<Long, byte[]>> entrySet() {
    return new AbstractSet<>() {
      @Override
      public int size() {
        return CowMapView.this.size();
      }

      @Override
      public Iterator<Map.Entry<Long, byte[]>> iterator() {
        return new Entries(map);
      }
    };
  }

  /** The entries of the moment at which it was made. What it removes is removed from the map. */
  private static final class Entries implements Iterator<Map.Entry<Long, byte[]>> {
    private final CowMap map;
    private final Iterator<CowMapEntry> cursor;
    private Long last;

    Entries(CowMap map) {
      this.map = map;
      cursor = map.iterator();
    }

    @Override
    public boolean hasNext() {
      return cursor.hasNext();
    }

    @Override
    public Map.Entry<Long, byte[]> next() {
      CowMapEntry entry = cursor.next();
      last = entry.key();
      return new AbstractMap.SimpleImmutableEntry<>(last, entry.value());
    }

    @Override
    public void remove() {
      if (last == null) {
        throw new IllegalStateException("there is no last entry");
      }
      map.remove(last);
      last = null;
    }
  }
}
