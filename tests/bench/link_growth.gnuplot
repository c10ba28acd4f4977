# Draws what `link_growth grow` has measured: gnuplot -e "csv='FILE'; svg='FILE'" link_growth.gnuplot
set terminal svg size 960,640 font 'sans-serif,13' background rgb 'white'
set output svg
set datafile separator ','
set key off
set logscale x
set format x '%.0s%c'
set xrange [8e3:1.3e6]
set grid
set style line 1 lc rgb '#1d5c63' lw 2 pt 7 ps 0.7
set multiplot layout 2,2 title 'What a link costs, by the number of documents that both ends hold'
set title 'first copy: processor per document, both ends (µs)'
set yrange [0:*]
plot csv using 1:3 skip 1 with linespoints ls 1
set title 'first copy: bytes on the line per document'
plot csv using 1:4 skip 1 with linespoints ls 1
set title 'an edit until durable at the other end: median (ms)'
plot csv using 1:6 skip 1 with linespoints ls 1
set title 'reconnection with nothing new (bytes)'
plot csv using 1:8 skip 1 with linespoints ls 1
unset multiplot
